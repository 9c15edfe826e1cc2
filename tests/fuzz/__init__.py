"""`make fuzz`: damaged documents of every format through the confined reader, for a bounded time."""
