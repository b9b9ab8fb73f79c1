# 002: "Troubleshooting", "Client krijgt geen updates", step 2, as it stands there.
curl -N -H "Authorization: Bearer <token>" http://localhost:3000/api/workorders/stream
