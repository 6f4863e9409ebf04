"""Read by schemathesis."""

from urllib.parse import unquote

import schemathesis


@schemathesis.hook
def filter_path_parameters(context, path_parameters):
    """It takes `%04` in an address it made for an escape, and then sends, as valid, an address with a control character."""
    values = [unquote(str(value)) for value in (path_parameters or {}).values()]
    return not any("@" in value and not value.isprintable() for value in values)
