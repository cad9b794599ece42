"""python -m onboard_aws: the command without installing it."""

from .main import run

run()
