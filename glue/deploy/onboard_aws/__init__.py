"""The command onboard-aws: deploys the pipeline to AWS, and operates it there."""
