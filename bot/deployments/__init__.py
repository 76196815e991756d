"""The deployments of other pipelines, which go on when their release says so."""
