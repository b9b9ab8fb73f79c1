// SPDX-License-Identifier: PostgreSQL
/** words.js: the words that all pages of one language share. */

const languages = {
  en: {
    connecting: 'Connecting…', lost: 'Disconnected', waiting: 'Waiting for a connection',
    crowded: 'This page waits: other tabs of this browser have six streams open to the server, and a browser opens no more. Close one of them, and it comes.',
  },
  'pt-BR': {
    connecting: 'Conectando…', lost: 'Desconectado', waiting: 'Aguardando uma conexão',
    crowded: 'Esta página espera: outras abas deste navegador têm seis streams abertos no servidor, e um navegador não abre mais. Feche uma delas, e ele vem.',
  },
  es: {
    connecting: 'Conectando…', lost: 'Desconectado', waiting: 'Esperando una conexión',
    crowded: 'Esta página espera: otras pestañas de este navegador tienen seis streams abiertos con el servidor, y un navegador no abre más. Cierra una de ellas, y llega.',
  },
  nl: {
    connecting: 'Verbinden…', lost: 'Verbinding verbroken', waiting: 'Wacht op een verbinding',
    crowded: 'Deze pagina wacht: andere tabbladen van deze browser hebben zes streams open naar de server, en een browser opent er niet meer. Sluit er een, en hij komt.',
  },
}

export const words = languages[document.documentElement.lang]
