"""Are users worse off? Decided from counts: sequential tests, vetoes, data quality. Pure: no I/O, no clock."""
