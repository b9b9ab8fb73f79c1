// 004: "Frontend Integration", "Connecting to SSE (React)", as it stands there.
import Cookies from "js-cookie";

const API_BASE_URL = import.meta.env.VITE_API_BASE_URL;

useEffect(() => {
  const token = Cookies.get("auth_token");
  if (!token) return;

  const url = `${API_BASE_URL}/orders/stream?token=${encodeURIComponent(token)}`;
  const es = new EventSource(url);

  // Listen for order status updates
  es.addEventListener("order_status_update", (event) => {
    const data = JSON.parse(event.data);
    // data.order_id, data.order_code, data.order_status

    // Update local state (no page refresh!)
    setOrders((prev) =>
      prev.map((o) =>
        o.id === data.order_id ? { ...o, order_status: data.order_status } : o,
      ),
    );

    // Show toast notification
    toast.info(`${data.order_code} — ${data.order_status}`);
  });

  // Auto-reconnect is built into EventSource
  es.onerror = () =>
    console.warn("SSE connection error, will auto-reconnect...");

  // Cleanup on unmount
  return () => es.close();
}, [isAuthenticated]);
