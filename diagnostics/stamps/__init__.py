"""Time stamps from outside (RFC 3161): somebody else's word that a seal of the journal existed at a time.

Nothing here is done unless the person chose a server and agreed to it. What is heavy, the library and the network, is
imported by the functions that need it: the recorder uses this room too, and only to know when a stamp is due.
"""
