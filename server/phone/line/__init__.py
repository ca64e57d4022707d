"""The sound of one call: a media stream as the pipeline's transport."""
