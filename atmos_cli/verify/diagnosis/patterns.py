# ruff: noqa: E501 - a pattern is easier to read whole
"""Patterns of what databases, runtimes, registries, kubelets and schedulers write when something is wrong.

Matched against lines and messages of at most 2000 characters, so no pattern can run away.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_CASED = {"MISSING_ENV", "PERM_FS", "CLOUD_IAM"}

_LOGS = {
    "POOL_SERVER": r"too many (?:clients|connections)(?: already| for role| for database)?"
    r"|remaining connection slots are reserved|ER_CON_COUNT_ERROR|SQLSTATE\[?[ :=]*(?:08004|53300)"
    r"|['\" ]53300['\":]|max(?:imum)? number of connections (?:reached|exceeded)|EMAXCONNSESSION"
    r"|max(?:imum)? (?:number of )?clients reached|no more connections allowed|ORA-00018|ORA-12519|ORA-12520",
    "POOL_CLIENT": r"QueuePool limit of size \d+ overflow \d+ reached"
    r"|Connection is not available, request timed out after \d+ ?ms|timeout exceeded when trying to connect"
    r"|(?:connection|conn) pool (?:is )?(?:exhausted|timeout)|pool (?:is )?exhausted"
    r"|Timed out fetching a new connection from the connection pool|SequelizeConnectionAcquireTimeoutError"
    r"|could not obtain (?:a )?(?:database )?connection (?:from the pool )?within|ActiveRecord::ConnectionTimeoutError"
    r"|elapsed prior to obtaining a connection from the pool|query_wait_timeout|Timeout acquiring a connection"
    r"|pool timed out while waiting for an open connection|couldn't get a connection after",
    "DB_AUTH": r"password authentication failed for user|Access denied for user|no pg_hba\.conf entry|WRONGPASS"
    r"|NOAUTH Authentication required|Login failed for user|SCRAM authentication|ORA-01017|AuthenticationFailed|MongoServerError: Authentication failed"
    r'|role "[^"]{1,100}" (?:does not exist|is not permitted to log in)',
    "DB_SCHEMA": r'relation "[^"]{1,200}" does not exist|column "?[^" ]{1,200}"? (?:of relation [^ ]{1,200} )?does not exist'
    r"|Unknown column|no such table|no such column|UndefinedTable|UndefinedColumn|pending migration|\b42P01\b|SQLSTATE[^0-9]{0,4}42703|['\" ]42703['\":]"
    r"|\b42S02\b|Invalid (?:object|column) name|Table '[^']{1,200}' doesn't exist|migrations are pending",
    "DB_LOCK": r"deadlock detected|Deadlock found when trying to get lock|\b40P01\b"
    r"|cancell?ing statement due to (?:lock|statement) timeout|Lock wait timeout exceeded|database is locked"
    r"|could not obtain lock on",
    "OOM_APP": r"java\.lang\.OutOfMemoryError|JavaScript heap out of memory|\bMemoryError\b|runtime: out of memory"
    r"|Cannot allocate memory|System\.OutOfMemoryException|failed to allocate memory|memory allocation of \d+ bytes failed|Allowed memory size of \d+ bytes",
    "MISSING_ENV": r"KeyError: '(?P<env1>[A-Z][A-Z0-9_]+)'|(?P<env2>\b[A-Z][A-Z0-9]*_[A-Z0-9_]*|\b[A-Z][A-Z0-9]{2,})"
    r"[\"'`]? (?:is not set|is required|must be set|environment variable|not set|is not defined|was not provided"
    r"|is missing|is undefined)|[Mm]issing required (?:env|environment|configuration)"
    r"|[Ee]nvironment variable [\"'`]?(?P<env3>[A-Z][A-Z0-9_]+)[\"'`]?:? (?:is )?(?:not (?:found|set|defined|present)"
    r"|missing|required|undefined|should not be empty)|ValidationErrors?\b.*(?:Settings|Config|Field required)"
    r"|Could not resolve placeholder '(?P<env4>[^']{1,100})'|[Rr]equired (?:key|env(?:ironment)? var(?:iable)?)"
    r" [\"'`]?(?P<env5>[A-Z][A-Z0-9_]+)[\"'`]? missing|key not found: \"(?P<env6>[A-Z][A-Z0-9_]+)\""
    r"|[Mm]issing (?:required )?(?:env(?:ironment)? var(?:iable)?s?|env)[ :]+[\"'`]?(?P<env7>[A-Z][A-Z0-9_]+)",
    "NO_MODULE": r"ModuleNotFoundError: No module named|Cannot find (?:module|package) '"
    r"|ClassNotFoundException|NoClassDefFoundError|error while loading shared libraries|\bImportError: "
    r"|cannot load such file -- |Could not load file or assembly|Could not find or load main class"
    r"|version `GLIBC_[\d.]+' not found|Error loading shared library|could not find .{1,100} in locally installed gems",
    "EXEC": r"exec format error|executable file not found in \$PATH|no such file or directory: unknown"
    r"|permission denied: unknown|stat [^ ]{1,200}: no such file or directory|exec: [^ ]{1,200} permission denied",
    "PORT_USED": r"address already in use|EADDRINUSE|Port \d+ (?:was|is) already in use",
    "PERM_FS": r"EACCES|[Pp]ermission denied|[Rr]ead-only file system|EROFS|Operation not permitted"
    r"|UnauthorizedAccessException: Access to the path|AccessDeniedException: /",
    "DNS": r"no such host|ENOTFOUND|EAI_AGAIN|Temporary failure in name resolution|Name or service not known"
    r"|getaddrinfo|server misbehaving|UnknownHostException|could not translate host name|host not found in upstream"
    r"|Name does not resolve|NXDOMAIN",
    "NET_TIMEOUT": r"i/o timeout|ETIMEDOUT|context deadline exceeded|[Cc]onnection timed out|No route to host|EHOSTUNREACH"
    r"|connect timed out|ConnectTimeout|Operation timed out",
    "REFUSED": r"connection refused|ECONNREFUSED|\[Errno 111\]|actively refused it|Connect call failed",
    "TLS": r"x509: (?:certificate (?:has expired|signed by unknown authority|is valid for|is not valid|relies on legacy)"
    r"|cannot validate certificate)|CERTIFICATE_VERIFY_FAILED"
    r"|unable to (?:get (?:local )?issuer|verify the first) certificate|certificate (?:has expired|verify failed)"
    r"|tls: (?:failed to verify|bad certificate|handshake failure|unknown certificate)|PKIX path (?:building|validation) failed"
    r"|self[- ]signed certificate|Hostname/IP does not match certificate|CERT_HAS_EXPIRED|remote certificate is invalid"
    r"|SSLV3_ALERT|first record does not look like a TLS handshake|wrong version number",
    "RBAC": r'(?P<resource>[a-z0-9./-]{1,100})(?: \\?"[^"]{1,253}")? is forbidden: User \\?"system:serviceaccount:(?P<account>[^"\\]{1,253})\\?"'
    r" cannot (?P<verb>get|list|watch|create|update|patch|delete|deletecollection)(?: resource \\?\"(?P<named>[^\"\\]{1,100})\\?\")?",
    "CLOUD_IAM": r"\bAccessDenied(?:Exception)?\b|not authorized to perform|NoCredentialProviders"
    r"|code = PermissionDenied"
    r"|[Uu]nable to locate credentials|PERMISSION_DENIED|[Cc]ould not (?:find|load) (?:the )?(?:default )?credentials"
    r"|failed to refresh cached credentials|AADSTS\d{4,6}|InvalidIdentityToken|Could not load credentials from any providers"
    r"|ExpiredToken|does not have storage\.",
    "THROTTLED": r"429 Too Many Requests|rate ?limit(?:ed)?(?: has been)? (?:exceeded|reached)|ThrottlingException|toomanyrequests"
    r"|status(?:Code)?[=: ]{1,2}429\b|status code 429|RESOURCE_EXHAUSTED: [Qq]uota|Rate exceeded",
    "DISK": r"no space left on device|ENOSPC|disk quota exceeded|There is not enough space on the disk",
    "FD": r"too many open files|EMFILE|ENFILE",
    "LISTENS": r"(?:listen(?:ing|s)?|running|started|serving|bound|ready)\b[^\n]{0,60}?(?:on|at|port|addr(?:ess)?)\b[^\n]{0,40}?"
    r"(?::|port[ =:(]{1,3})\[?(?P<port>\d{2,5})\b",
}  # fmt: skip

_MESSAGES = {
    "IMG_PLATFORM": r"no match for platform|does not match the specified platform|no matching manifest for"
    r"|no image found in (?:image index|manifest list) for architecture",
    "IMG_MISSING": r"manifest unknown|name unknown|: not found|repository .{1,300} not found|manifest for .{1,300} not found",
    "IMG_DENIED": r"pull access denied|insufficient_scope|unauthorized|authentication required|403 Forbidden"
    r"|no basic auth credentials|denied:|authorization failed",
    "IMG_NET": r"no such host|i/o timeout|connection refused|TLS handshake timeout|Timeout exceeded|server misbehaving"
    r"|connection reset by peer|50[0234] (?:Bad Gateway|Service Unavailable|Gateway|Internal)|x509: ",
    "REF_MISSING": r'(?P<kind>secret|configmap)s? "(?P<name>[^"]{1,253})" not found'
    r"|couldn't find key (?P<key>\S{1,253}) in (?P<kind2>Secret|ConfigMap) (?P<name2>\S{1,253})"
    r"|references non-existent (?P<kind3>secret|config) key: (?P<key3>\S{1,253})",
    "QUOTA": r"exceeded quota: (?P<quota>[^,]{1,253}), requested: (?P<asked>.{1,400}?), used: (?P<used>.{1,400}?),"
    r" limited: (?P<limit>.{1,400})$|failed quota: (?P<quota2>[^:]{1,253}): must specify (?P<must>\S{1,400})",
    "ADMISSION": r'violates PodSecurity|admission webhook "(?P<webhook>[^"]{1,253})" denied'
    r"|ValidatingAdmissionPolicy '(?P<policy>[^']{1,253})'|must specify limits|m(?:ax|in)imum \S{1,80} usage per (?:Container|Pod)"
    r"|max limit to request ratio|failed calling webhook",
    "NO_ACCOUNT": r'serviceaccount "(?P<account>[^"]{1,253})" not found|error looking up service account (?P<account2>\S{1,253}):',
    "SCHED_RES": r"\d+ Insufficient (?P<what>[a-z0-9./-]{1,100}[a-z0-9])",
    "SCHED_PLACE": r"untolerated taint|had taints? that the pod didn't tolerate|didn't match Pod's node affinity/selector"
    r"|didn't match pod (?:anti-)?affinity|topology spread constraints|Too many pods|didn't have free ports"
    r"|were unschedulable|didn't match node selector|didn't satisfy existing pods anti-affinity",
    "SCHED_VOL": r'persistentvolumeclaim "(?P<claim>[^"]{1,253})" not found|unbound immediate PersistentVolumeClaims'
    r"|volume node affinity conflict|didn't find available persistent volumes to bind|exceed max volume count",
    "CLASS_MISSING": r'storageclass(?:\.storage\.k8s\.io)? "(?P<class>[^"]{1,253})" not found',
    "CACHE": r"failed to sync (?:secret|configmap) cache",
    "IMMUTABLE": r"field is immutable|is forbidden: updates to .{1,200} for fields other than|cannot change .{1,60} once set",
}  # fmt: skip

MIGRATION = re.compile(r"migrat|alembic|flyway|liquibase|prisma|rails db|db:migrate|goose|knex", re.IGNORECASE)
RX: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        name: re.compile(source, 0 if name in _CASED else re.IGNORECASE)
        for name, source in {**_LOGS, **_MESSAGES}.items()
    }
)

# A host and port as clients write them, best first: libpq, Go, Node, URLs, then any host:port.
_HOSTS = (
    re.compile(r'server at "(?P<host>[^"]{1,253})"[^,]{0,60}, port (?P<port>\d{1,5})'),
    re.compile(r"dial tcp:? (?:lookup )?(?P<host>[A-Za-z0-9.-]{1,253}|\[[0-9a-f:]{2,45}\])(?::(?P<port>\d{1,5}))?"),
    re.compile(r"(?:ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN) (?P<host>[A-Za-z0-9.-]{1,253}|::1)(?::(?P<port>\d{1,5}))?"),
    re.compile(r"host name \"(?P<host>[^\"]{1,253})\""),
    re.compile(r"UnknownHostException: (?P<host>[A-Za-z0-9.-]{1,253})"),
    re.compile(r"[a-z]{2,12}://(?:[^\s/@]{0,200}@)?(?P<host>[A-Za-z0-9.-]{1,253})(?::(?P<port>\d{1,5}))?"),
    re.compile(r"Connect call failed \('(?P<host>[^']{1,253})', (?P<port>\d{1,5})\)"),
    re.compile(r"host='(?P<host>[^']{1,253})', port=(?P<port>\d{1,5})"),
    re.compile(r"(?:to|at|connecting to|upstream) \"?(?P<host>[A-Za-z][A-Za-z0-9.-]{0,252}|\d{1,3}(?:\.\d{1,3}){3})[:/](?P<port>\d{1,5})\b"),
    re.compile(r"host (?:not found in upstream|or service) \"?(?P<host>[A-Za-z0-9.-]{1,253})"),
    re.compile(r"upstream \"(?P<host>[A-Za-z0-9.-]{1,253})\""),
    re.compile(r"\b(?P<host>[A-Za-z][A-Za-z0-9.-]{0,252}|\d{1,3}(?:\.\d{1,3}){3}):(?P<port>\d{2,5})\b"),
)  # fmt: skip
_SOURCE = re.compile(r"(?:dial|read|write) (?:tcp|udp) \S{1,60}->")


def host_port(line: str) -> tuple[str, int]:
    """Return what the line failed to reach, as `("orders-db", 5432)`; "" and 0 where it does not say."""
    line = _SOURCE.sub("dial tcp ", line)
    for pattern in _HOSTS:
        match = pattern.search(line)
        if match:
            found = match.groupdict()
            port = int(found.get("port") or 0)
            return found["host"].strip("[]").rstrip("."), port if port < 65536 else 0
    return "", 0
