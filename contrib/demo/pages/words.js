// SPDX-License-Identifier: PostgreSQL
/** words.js: the words that all pages of one language share. */

const languages = {
  en: {
    connecting: 'Connecting…', lost: 'Disconnected', waiting: 'Waiting for a connection',
    crowded: 'This page waits: other tabs of this browser have six streams open to the server, and a browser opens no more. Close one of them, and it comes.',
    roles: { customer: 'customer', staff: 'staff', admin: 'admin', mechanic: 'mechanic', warehouse: 'warehouse' },
    refused: ({ status }) => (status < 500 ? 'The server does not do that' : 'The server cannot do that now. Try again in a moment'),
    sentences: {},
  },
  'pt-BR': {
    connecting: 'Conectando…', lost: 'Desconectado', waiting: 'Aguardando uma conexão',
    crowded: 'Esta página espera: outras abas deste navegador têm seis streams abertos no servidor, e um navegador não abre mais. Feche uma delas, e ele vem.',
    roles: { customer: 'comprador', staff: 'equipe', admin: 'admin', mechanic: 'mecânico', warehouse: 'armazém' },
    refused: ({ status }) => (status < 500 ? 'O servidor não faz isso' : 'O servidor não pode fazer isso agora. Tente de novo em instantes'),
    sentences: {
      'Failed to fetch': 'O servidor não responde', 'The server cannot be reached': 'O servidor não responde', 'The server does not answer': 'O servidor não responde',
      'The connection was lost': 'A conexão caiu', 'The right to this stream has ended': 'A assinatura acabou', 'The right to this stream was revoked': 'O acesso foi retirado',
    },
  },
  es: {
    connecting: 'Conectando…', lost: 'Desconectado', waiting: 'Esperando una conexión',
    crowded: 'Esta página espera: otras pestañas de este navegador tienen seis streams abiertos con el servidor, y un navegador no abre más. Cierra una de ellas, y llega.',
    roles: { customer: 'cliente', staff: 'equipo', admin: 'admin', mechanic: 'mecánico', warehouse: 'almacén' },
    refused: ({ status }) => (status < 500 ? 'El servidor no hace eso' : 'El servidor no puede hacer eso ahora. Inténtalo de nuevo en un momento'),
    sentences: {
      'Failed to fetch': 'El servidor no responde', 'The server cannot be reached': 'El servidor no responde', 'The server does not answer': 'El servidor no responde',
      'The connection was lost': 'Se perdió la conexión', 'The right to this stream has ended': 'El permiso terminó', 'The right to this stream was revoked': 'Se retiró el permiso',
    },
  },
  nl: {
    connecting: 'Verbinden…', lost: 'Verbinding verbroken', waiting: 'Wacht op een verbinding',
    crowded: 'Deze pagina wacht: andere tabbladen van deze browser hebben zes streams open naar de server, en een browser opent er niet meer. Sluit er een, en hij komt.',
    roles: { customer: 'klant', staff: 'winkel', admin: 'beheer', mechanic: 'monteur', warehouse: 'magazijn' },
    refused: ({ status }) => (status < 500 ? 'De server doet dat niet' : 'De server kan dat nu niet. Probeer het zo nog eens'),
    sentences: {
      'Failed to fetch': 'De server antwoordt niet', 'The server cannot be reached': 'De server antwoordt niet', 'The server does not answer': 'De server antwoordt niet',
      'The connection was lost': 'De verbinding is verbroken', 'The right to this stream has ended': 'De toegang is geëindigd', 'The right to this stream was revoked': 'De toegang is ingetrokken',
    },
  },
}

export const words = languages[document.documentElement.lang]
