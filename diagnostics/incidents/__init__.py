"""When something was wrong and whose fault it was: pure functions over samples."""

from diagnostics.incidents.method import Method, default_method
from diagnostics.incidents.study import Study

__all__ = ["Method", "Study", "default_method"]
