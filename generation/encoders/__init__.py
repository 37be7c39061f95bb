"""Models that turn texts and images into vectors, run on this machine by `fastembed`.

Loaded in workers alone, one by one as they are asked for, and kept by the process. Every item is
computed by itself, on one thread: so its vector depends on no other item, and neither on how many
there are nor on how many cores. On processors this costs nothing: items side by side on several
cores are as fast as large batches.
"""
