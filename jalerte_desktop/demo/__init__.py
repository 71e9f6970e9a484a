"""A made-up month of a bad line, to look at, to picture and to test with. Nobody lives there, nothing was measured."""
