"""One folder per engine."""

import pkgutil

# Those of the folders: enough for a help text, which must not load the engines themselves.
NAMES = tuple(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)
