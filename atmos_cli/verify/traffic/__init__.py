"""Requests, errors and slow requests as exact counts, from raw counter samples. Pure: no I/O, no clock."""
