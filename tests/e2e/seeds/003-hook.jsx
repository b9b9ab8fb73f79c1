// 003: "Conectar ao Stream (React)", as it stands there.
import { useState, useEffect } from 'react';

function useRouletteStream(gameId, token) {
  const [numbers, setNumbers] = useState([]);
  const [isConnected, setIsConnected] = useState(false);
  
  useEffect(() => {
    if (!gameId || !token) return;
    
    const url = `/stream/rounds/ROULETTE/${gameId}/v2/live?k=3`;
    const eventSource = new EventSource(`${url}&token=${encodeURIComponent(token)}`);
    
    eventSource.addEventListener('update', async (event) => {
      const decryptedData = await decryptData(event.data);
      
      if (decryptedData.update_type === 'new_number') {
        setNumbers(prev => [decryptedData.number, ...prev].slice(0, 50));
      }
    });
    
    return () => eventSource.close();
  }, [gameId, token]);
  
  return { numbers, isConnected };
}
