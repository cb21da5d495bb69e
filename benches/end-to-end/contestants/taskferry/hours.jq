.tasks |= map(.hours = (.weekly_hours // 0) | del(.weekly_hours))
