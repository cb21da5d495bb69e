"""Runs a command and prints what it took, as JSON: wall and CPU in seconds, peak memory in MB."""
import json, os, sys, time

start = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
_, status, usage = os.wait4(child, 0)
wall = time.perf_counter() - start
print(json.dumps({"status": status, "wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss / 1024}))
