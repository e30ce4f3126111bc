"""What holds for every test."""

from hypothesis import settings

# no timed assertion: on a busy machine an example may take any time
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
