"""The process that looks at policies which somebody is writing: started by `gateway.drafts.desk`, and by nobody else."""
