"""The provider of runs elsewhere: asked for by a signed request, and reported by one."""
