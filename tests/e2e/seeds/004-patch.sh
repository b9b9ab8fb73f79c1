# 004: "3. Trigger", "curl", as it stands there.
curl -X PATCH http://localhost:8000/api/orders/<order-uuid>/status \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer <token>" \
  -d '{"order_status": "Preparing"}'
