"""The machine's own link: interface, default route, gateway."""
