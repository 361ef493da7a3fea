"""The process that looks at policies which somebody is writing: started by `gateway.drafts.apart`, and by nobody else."""
