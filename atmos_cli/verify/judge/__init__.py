"""The judgement, from counts, whether users are worse off: sequential tests, vetoes, data quality. No I/O, no clock."""
