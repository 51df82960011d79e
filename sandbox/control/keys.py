"""The only keys the sandbox accepts. They are public on purpose and open nothing else."""

JIMENG_ACCESS_KEY = "AKLTsandbox"
JIMENG_SECRET_KEY = "sandbox-secret"
DEEPSEEK_KEY = "sk-sandbox-deepseek"
CLAUDE_KEY = "sk-sandbox-claude"
RUNNINGHUB_KEY = "sandbox0000000000000000000runninghub"
