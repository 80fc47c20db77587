"""What secrets look like: tokens by the prefixes that their issuers publish, private keys, passwords inside of URLs.

Every pattern has bounded repeats only, so a text costs time in proportion to its length.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SHORTEST = 16
# (what it is, the marks that it begins with, what follows). The marks alone serve masking, which hides more.
_TOKENS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("a GitHub token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), "[A-Za-z0-9]{36,251}"),
    ("a GitHub token", ("github_pat_",), "[A-Za-z0-9_]{36,251}"),
    ("a GitLab token", ("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-"), "[A-Za-z0-9_.-]{20,300}"),
    ("a GitLab token", ("glimt-", "glagent-", "glsoat-", "gloas-", "glffct-"), "[A-Za-z0-9_.-]{20,300}"),
    ("a Slack token", ("xoxa-", "xoxb-", "xoxe-", "xoxo-", "xoxp-", "xoxr-", "xoxs-"), "[A-Za-z0-9-]{20,250}"),
    ("a Slack token", ("xapp-",), "[0-9]-[A-Za-z0-9-]{20,250}"),
    ("a Stripe key", ("sk_live_", "rk_live_", "sk_test_", "rk_test_"), "[A-Za-z0-9]{16,247}"),
    ("a webhook secret", ("whsec_",), "[A-Za-z0-9+/]{24,64}"),
    ("a Google API key", ("AIza",), "[A-Za-z0-9_-]{35}"),
    ("a Google OAuth secret", ("GOCSPX-",), "[A-Za-z0-9_-]{28}"),
    ("an npm token", ("npm_",), "[A-Za-z0-9]{36}"),
    ("a PyPI token", ("pypi-AgE",), "[A-Za-z0-9_-]{50,300}"),
    ("a RubyGems key", ("rubygems_",), "[a-f0-9]{48}"),
    ("a Docker token", ("dckr_pat_", "dckr_oat_"), "[A-Za-z0-9_-]{27,64}"),
    ("a SendGrid key", ("SG.",), r"[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}"),
    ("a Twilio key", ("SK",), "[0-9a-f]{32}"),
    ("a DigitalOcean token", ("dop_v1_", "doo_v1_", "dor_v1_"), "[a-f0-9]{64}"),
    ("a Vault token", ("hvs.", "hvb.", "hvr."), "[A-Za-z0-9_-]{24,300}"),
    ("an OpenAI key", ("sk-proj-", "sk-svcacct-", "sk-admin-"), "[A-Za-z0-9_-]{20,250}"),
    ("an OpenAI key", ("sk-",), "[A-Za-z0-9]{48}"),
    ("an Anthropic key", ("sk-ant-",), "[A-Za-z0-9_-]{20,250}"),
    ("an OpenRouter key", ("sk-or-v1-",), "[a-f0-9]{64}"),
    ("a Hugging Face token", ("hf_",), "[A-Za-z]{34}"),
    ("a Grafana token", ("glsa_", "glc_"), "[A-Za-z0-9+/_=]{32,400}"),
    ("a Shopify token", ("shpat_", "shpca_", "shppa_", "shpss_"), "[a-fA-F0-9]{32}"),
    ("a Databricks token", ("dapi",), "[a-f0-9]{32}"),
    ("a New Relic key", ("NRAK-",), "[A-Z0-9]{27}"),
    ("a Sentry token", ("sntrys_", "sntryu_"), "[A-Za-z0-9+/=_]{40,400}"),
    ("a Linear key", ("lin_api_",), "[A-Za-z0-9]{40}"),
    ("a Tailscale key", ("tskey-",), "[a-z]{1,12}-[A-Za-z0-9-]{16,64}"),
    ("a Doppler token", ("dp.pt.", "dp.st.", "dp.ct.", "dp.sa."), "[A-Za-z0-9_.-]{40,80}"),
    ("a PlanetScale password", ("pscale_pw_", "pscale_tkn_", "pscale_oauth_"), "[A-Za-z0-9_.=-]{32,64}"),
    ("an age key", ("AGE-SECRET-KEY-1",), "[A-Z0-9]{58}"),
)
# Recognised by their form; (what it is, what any of them contains, the form).
_FORMS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("an AWS access key", ("AKIA", "ASIA"), r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    (
        "a JSON Web Token",
        ("eyJ",),
        r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,4000}\.eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{10,2000}",
    ),
    ("a Telegram token", (":AA",), r"(?<![A-Za-z0-9])[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])"),
    (
        "a Discord token",
        (".",),
        r"(?<![A-Za-z0-9_.-])[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}(?![A-Za-z0-9_.-])",
    ),
    (
        "a Slack webhook",
        ("hooks.slack.com/",),
        r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9_/-]{40,100}",
    ),
    (
        "a Discord webhook",
        ("/api/webhooks/",),
        r"discord(?:app)?\.com/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,80}",
    ),
    (
        "a private key",
        ("PRIVATE KEY",),
        (
            r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?:\\r|\\n|\s){1,8}"
            r"[A-Za-z0-9+/=:, \r\n\\-]{0,200}[A-Za-z0-9+/]{16}"
        ),
    ),
    ("an Azure storage key", ("AccountKey=",), "AccountKey=[A-Za-z0-9+/]{86}=="),
    ("an Azure access key", ("SharedAccessKey=",), "SharedAccessKey=[A-Za-z0-9+/]{43}="),
    ("a Laravel key", ("base64:",), r"(?<![A-Za-z0-9:])base64:[A-Za-z0-9+/]{43}=(?![A-Za-z0-9=])"),
    ("a registry login", ('"auth"',), r'"auth"\s{0,8}:\s{0,8}"[A-Za-z0-9+/]{12,2000}={0,2}"'),
    (
        "an Authorization header",
        ("uthorization",),
        (
            r"(?i:authorization[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?:bearer|basic|token)(?:\s|%20){1,4}"
            r"(?=[^\s]{0,40}[0-9])[A-Za-z0-9._~+/-]{12})"
        ),
    ),
)
_BEFORE, _AFTER = r"(?<![A-Za-z0-9_])", r"(?![A-Za-z0-9])"
_SHAPES = tuple((what, marks, re.compile(form)) for what, marks, form in _FORMS) + tuple(
    (what, marks, re.compile(f"{_BEFORE}(?:{'|'.join(map(re.escape, marks))}){rest}{_AFTER}"))
    for what, marks, rest in _TOKENS
)
_IN_THE_OPEN = frozenset({"a Google API key", "a JSON Web Token"})

# Not a password: a reference that is filled in later, a mask, or a name in brackets for the reader to replace.
_FILLED_IN = r"(?:\$[({]|\$\w|\{|<|%\(|%s|%[A-Z_]{2,40}%|\*{2,}|x{3,}@)"
_URL = re.compile(
    rf"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{{0,30}}://[^/\s:@\"'<>]{{0,200}}:(?!{_FILLED_IN})[^/\s@\"']{{1,400}}@(?=[^\s\"'])",
    re.IGNORECASE,
)
_DSN = re.compile(rf"(?<![^\s\"'=])[\w.-]{{1,64}}:(?!{_FILLED_IN})[^\s@/:\"']{{1,200}}@(?:tcp|unix)\(")

# Marks with which ordinary words begin too (`SKIPPED`): they count only with the exact rest.
_ALSO_WORDS = frozenset({"SK", "dapi", "hf_", "glc_"})
_MARKED = tuple((mark, rest) for _, marks, rest in _TOKENS for mark in marks)
_MARKS = "|".join(re.escape(mark) for mark, _ in _MARKED if mark not in _ALSO_WORDS)
_EXACT = "|".join(f"{re.escape(mark)}{rest}" for mark, rest in _MARKED if mark in _ALSO_WORDS)

# For masking: everything that begins like a token, however it goes on, and half a token.
LOOSE = re.compile(
    r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}"
    r"|\b(?:AKIA|ASIA|AROA|AIDA|ABIA|ACCA)[A-Z0-9]{16}\b"
    r"|(?<![A-Za-z0-9])[0-9]{8,10}:AA[A-Za-z0-9_-]{33}"
    r"|hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9_/-]{20,100}"
    r"|(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{20,100}={0,2}"
    rf"|\b(?:{_MARKS})[A-Za-z0-9_.-]{{16,}}|\b(?:{_EXACT})\b"
)
PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{1,40}-----.*?(?:-----END [A-Z0-9 ]{1,40}-----|$)")
USERINFO = re.compile(r"(://[^\s:/@\"']{0,128}:)(?!\d{1,5}(?:[/?#\s\"',;)]|$))(?:[^\s\"']{1,512}@|[^\s\"'/@]{100,}@?)")


@lru_cache(maxsize=4096)
def shape(text: str, *, public: bool = False) -> str:
    """Return what secret the text holds, in words: `a GitHub token`; empty when none. Never returns the value itself.

    `public` leaves out what web pages hold by design: browser keys, and public tokens.
    """
    if len(text) >= _SHORTEST:
        for what, marks, pattern in _SHAPES:
            if any(mark in text for mark in marks) and not (public and what in _IN_THE_OPEN) and pattern.search(text):
                return what
    return url_shape(text)


def url_shape(text: str) -> str:
    """Return `a URL with a password`, when there is one whose password is not filled in later."""
    if "@" not in text:
        return ""
    found = ("://" in text and _URL.search(text)) or ("(" in text and _DSN.search(text))
    return "a URL with a password" if found else ""
