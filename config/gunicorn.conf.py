"""How gunicorn serves: threaded workers, a connection pool for each, a drained stop."""

import multiprocessing
import os

workers = int(os.environ.get("TOUCHSTONE_WORKERS", multiprocessing.cpu_count()))
threads = int(os.environ.get("TOUCHSTONE_THREADS", 8))
worker_class = "gthread"
bind = os.environ.get("TOUCHSTONE_BIND", "127.0.0.1:8000")
wsgi_app = "config.wsgi:application"
preload_app = False
graceful_timeout = 30
timeout = 120
keepalive = 30
control_socket_disable = True
# Read by config.settings in each worker: one PostgreSQL connection a thread at most.
os.environ.setdefault("TOUCHSTONE_DB_POOL", str(threads))
