"""Pictures: Volcengine Jimeng 4.0 and RunningHub, their queues, polling and storage."""
