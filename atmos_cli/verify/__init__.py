"""Did the commit arrive, did its pods become good, are users worse off, why, and what now. Pure: no I/O, no clock."""
