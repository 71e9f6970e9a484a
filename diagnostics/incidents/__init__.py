"""When something was wrong and whose fault it was: pure functions over samples."""
