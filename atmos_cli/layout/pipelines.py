"""The files that check a change before it lands: in CI, by forge, and before a commit. Pure and repeatable."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from atmos_cli import __version__
from atmos_cli.config import FILE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.config import Config
    from atmos_cli.tool_settings import Tool
    from atmos_cli.versions.table import VersionTable

HOOKS = ".pre-commit-config.yaml"
GITHUB = ".github/workflows/atmos.yaml"
GITLAB = ".gitlab/atmos.yaml"
GITLAB_START = ".gitlab-ci.yml"

NOT_SET = (
    f"`tool.install` in {FILE} does not say where atmos is installed from: "
    "set it, run `atmos update`, and commit what that changes"
)

PRE_COMMIT = """\
repos:
  - repo: local
    hooks:
      - id: atmos-validate
        name: atmos validate
        entry: atmos validate{check}
        language: {language}
        pass_filenames: false
        always_run: true
"""

GITHUB_SETUP = """\
      - uses: {checkout}
        with:
          fetch-depth: 0
      - uses: {setup-python}
        with:
          python-version: "{python}"
      - name: Install atmos
        run: |
{install}"""

# A job has more rights than to read only where it must write. A token of a fork may not write, so there is no comment.
GITHUB_WORKFLOW = """\
name: atmos
on:
  pull_request:
  merge_group:
  push:
    branches: ['{pattern}']
  schedule:
    - cron: "17 4 * * *"
permissions:
  contents: read
jobs:
  validate:
    if: github.event_name != 'schedule'
    runs-on: ubuntu-latest
    steps:
{setup}      - run: atmos validate --check-generated --base origin/{branch}
      - if: github.event_name != 'push'
        run: atmos budget check --base origin/{branch}
  audit:
    if: github.event_name == 'push' || github.event_name == 'schedule'
    runs-on: ubuntu-latest
    steps:
{setup}      - run: atmos budget audit --base origin/{branch}
  comment:
    if: >-
      github.event_name == 'pull_request' && github.event.pull_request.head.repo.full_name == github.repository
    runs-on: ubuntu-latest
    permissions:
      contents: read
      pull-requests: write
    steps:
{setup}      - name: Comment what the change costs
        env:
          GH_TOKEN: ${{ github.token }}
          NUMBER: ${{ github.event.number }}
        run: |
          atmos budget diff origin/{branch}..HEAD -o markdown > "$RUNNER_TEMP/budget.md"
          bot='.user.login == "github-actions[bot]"'
          mine=".[] | select($bot and (.body | startswith(\\"<!-- atmos-budget -->\\"))) | .id"
          found=$(gh api --paginate "repos/$GITHUB_REPOSITORY/issues/$NUMBER/comments" --jq "$mine" | head -n 1)
          if [ -n "$found" ]; then
            gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$found" -F body=@"$RUNNER_TEMP/budget.md"
          else
            gh api "repos/$GITHUB_REPOSITORY/issues/$NUMBER/comments" -F body=@"$RUNNER_TEMP/budget.md"
          fi
"""

# A job token of GitLab may only read notes, so the budget is a page that the merge request links to; it is a note, too,
# where people gave the project a token. That goes from the environment into a header, and never into an argument.
GITLAB_NOTE = """\
      import json, os, urllib.request

      api, mark = os.environ["CI_API_V4_URL"], "<!-- atmos-budget -->"
      request = "{CI_PROJECT_ID}/merge_requests/{CI_MERGE_REQUEST_IID}".format_map(os.environ)
      notes = f"{api}/projects/{request}/notes"
      headers = {"PRIVATE-TOKEN": os.environ["ATMOS_GITLAB_TOKEN"], "Content-Type": "application/json"}


      def ask(method, url, data=None):
          asked = urllib.request.Request(url, data, headers, method=method)
          with urllib.request.urlopen(asked, timeout=60) as answer:
              return json.load(answer), answer.headers.get("X-Next-Page")


      me, page, mine = ask("GET", f"{api}/user")[0]["id"], "1", None
      while page and mine is None:
          found, page = ask("GET", f"{notes}?sort=asc&per_page=100&page={page}")
          own = (each for each in found if each["author"]["id"] == me and each["body"].startswith(mark))
          mine = next((each["id"] for each in own), None)
      with open("budget.md", encoding="utf-8") as file:
          data = json.dumps({"body": file.read()}).encode()
      ask("PUT", f"{notes}/{mine}", data) if mine else ask("POST", notes, data)
"""
GITLAB_JOBS = """\
.atmos:
  image: docker.io/library/python:{python}
  variables:
    GIT_DEPTH: "0"
  before_script:
    - git fetch --quiet origin "+refs/heads/{branch}:refs/remotes/origin/{branch}"
    - |
{install}
atmos validate:
  extends: .atmos
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == "{branch}"
  script:
    - atmos validate --check-generated --base origin/{branch}

atmos budget check:
  extends: .atmos
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
  script:
    - atmos budget diff "$CI_MERGE_REQUEST_DIFF_BASE_SHA..HEAD" -o markdown > budget.md
    - atmos budget check --base origin/{branch}
  artifacts:
    when: always
    expose_as: Budget
    paths: [budget.md]

atmos budget note:
  extends: .atmos
  rules:
    - if: >-
        $CI_PIPELINE_SOURCE == "merge_request_event" && $ATMOS_GITLAB_TOKEN &&
        $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID
  allow_failure: true
  script:
    - atmos budget diff "$CI_MERGE_REQUEST_DIFF_BASE_SHA..HEAD" -o markdown > budget.md
    - |
      python - <<'EOF'
{note}      EOF

atmos budget audit:
  extends: .atmos
  rules:
    - if: $CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == "{branch}"
    - if: $CI_PIPELINE_SOURCE == "schedule"
  script:
    - atmos budget audit --base origin/{branch}
"""

GITLAB_INCLUDE = f"""\
include:
  - local: {GITLAB}
"""


def pipeline_files(config: Config, versions: VersionTable) -> dict[str, str]:
    """Return the files of the repo's forge, and the hook."""
    words = {
        "{branch}": config.git.branch,
        "{pattern}": config.git.branch.replace("+", "\\+"),  # GitHub takes a plus for a repetition
        "{python}": versions.runtimes["python"].writes or "",
    }
    hook = _filled(PRE_COMMIT, _hook(config.tool))
    if config.forge == "gitlab":
        jobs = _filled(
            GITLAB_JOBS, {"{note}": GITLAB_NOTE, "{install}": _lines(install_script(config.tool), indent=6), **words}
        )
        return {HOOKS: hook, GITLAB: jobs, GITLAB_START: GITLAB_INCLUDE}
    words |= {
        "{checkout}": versions.action("actions/checkout"),
        "{setup-python}": versions.action("actions/setup-python"),
    }
    setup = _filled(GITHUB_SETUP, {"{install}": _lines(install_script(config.tool), indent=10)})
    return {HOOKS: hook, GITHUB: _filled(GITHUB_WORKFLOW, {"{setup}": setup, **words})}


def install_script(tool: Tool) -> tuple[str, ...]:
    """Return the lines of the shell that install atmos, each of which must succeed."""
    if tool.install is None:
        return (f"echo '{NOT_SET}' >&2", "exit 1")
    if tool.wheel:
        return (f"python -m pip install --quiet './{tool.wheel}'",)
    if tool.from_git:
        return (f"python -m pip install --quiet '{tool.requirement}'",)
    index = f" --index-url '{tool.index}'" if tool.index else ""
    # One hash makes pip ask for those of all libraries; so it checks that of atmos on the way, and installs the file.
    checked = f"--quiet --no-deps --only-binary :all: --require-hashes{index}"
    return (
        'place="$(mktemp -d)"',
        f"echo '{tool.install}' > \"$place/requirements.txt\"",
        f'python -m pip download {checked} --requirement "$place/requirements.txt" --dest "$place/atmos"',
        f'python -m pip install --quiet{index} "$place"/atmos/*',
    )


def _hook(tool: Tool) -> dict[str, str]:
    """Return how the hook gets its atmos: where pre-commit cannot install it, what is there must be the same."""
    if tool.requirement is None:
        return {"{check}": f" --require-version {tool.version or __version__}", "{language}": "system"}
    wanted = [tool.requirement, *([f"--index-url={tool.index}"] if tool.index and not tool.from_git else [])]
    return {"{check}": "", "{language}": f"python\n        additional_dependencies: {json.dumps(wanted)}"}


def _filled(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def _lines(lines: Sequence[str], *, indent: int) -> str:
    return "".join(f"{' ' * indent}{line}\n" for line in lines)
