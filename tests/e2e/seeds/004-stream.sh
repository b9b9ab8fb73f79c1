# 004: "1. SSE Stream", "curl (for testing)", as it stands there.
curl -N "http://localhost:8000/api/orders/stream?token=<your-jwt-token>"
