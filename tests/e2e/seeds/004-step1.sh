# 004: "Testing SSE Manually", step 1, as it stands there.
curl -N "http://localhost:8000/api/orders/stream?token=<jwt>"
