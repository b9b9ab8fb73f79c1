/* SPDX-License-Identifier: PostgreSQL */
#include "http/proxyhead.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"

#define LINE_MAX_LEN 107

static void set_v4(const void *host, uint16_t port, struct sockaddr_storage *address,
		   socklen_t *address_len)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = port};

	memcpy(&in.sin_addr, host, sizeof(in.sin_addr));
	memcpy(address, &in, sizeof(in));
	*address_len = sizeof(in);
}

static void set_v6(const void *host, uint16_t port, struct sockaddr_storage *address,
		   socklen_t *address_len)
{
	struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = port};

	memcpy(&in.sin6_addr, host, sizeof(in.sin6_addr));
	memcpy(address, &in, sizeof(in));
	*address_len = sizeof(in);
}

/* --- version 2, section 2.2 --- */

static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";
#define SIGNATURE_LEN (sizeof(signature) - 1)
#define FIXED_LEN 16

enum { LOCAL = 0x20, PROXY = 0x21, TCP4 = 0x11, TCP6 = 0x21 };

/* The block of addresses: source, destination, and the ports in the same order. */
static bool take_block(unsigned char family, const char *block, size_t len,
		       struct sockaddr_storage *address, socklen_t *address_len)
{
	uint16_t port;

	if (family == TCP4) {
		if (len < 12)
			return false;
		memcpy(&port, block + 8, sizeof(port));
		set_v4(block, port, address, address_len);
	} else if (family == TCP6) {
		if (len < 36)
			return false;
		memcpy(&port, block + 32, sizeof(port));
		set_v6(block, port, address, address_len);
	}
	return true; /* of another family nothing is known */
}

static enum proxyhead read_binary(const char *bytes, size_t len, size_t *ret_len,
				  struct sockaddr_storage *address, socklen_t *address_len)
{
	size_t block;

	if (len < FIXED_LEN)
		return PROXYHEAD_MORE;
	block = (size_t)(unsigned char)bytes[14] << 8 | (unsigned char)bytes[15];
	if ((unsigned char)bytes[12] != LOCAL && (unsigned char)bytes[12] != PROXY)
		return PROXYHEAD_BAD;
	if (FIXED_LEN + block > PROXYHEAD_MAX)
		return PROXYHEAD_BAD;
	if (len < FIXED_LEN + block)
		return PROXYHEAD_MORE;
	*ret_len = FIXED_LEN + block;
	if ((unsigned char)bytes[12] == PROXY &&
	    !take_block((unsigned char)bytes[13], bytes + FIXED_LEN, block, address, address_len))
		return PROXYHEAD_BAD;
	return PROXYHEAD_GOOD;
}

/* --- version 1, section 2.1 --- */

static bool take_line(const char *line, struct sockaddr_storage *address, socklen_t *address_len)
{
	char family[5], source[46], destination[46];
	unsigned from, to;
	unsigned char host[16];
	int end = 0;

	if (strncmp(line, "PROXY UNKNOWN", 13) == 0)
		return line[13] == '\0' || line[13] == ' ';
	if (sscanf(line, "PROXY %4s %45s %45s %5u %5u%n", family, source, destination, &from, &to,
		   &end) != 5 ||
	    line[end] != '\0' || from > 65535 || to > 65535)
		return false;
	if (strcmp(family, "TCP4") == 0 && inet_pton(AF_INET, source, host) == 1)
		set_v4(host, htons((uint16_t)from), address, address_len);
	else if (strcmp(family, "TCP6") == 0 && inet_pton(AF_INET6, source, host) == 1)
		set_v6(host, htons((uint16_t)from), address, address_len);
	else
		return false;
	return true;
}

static enum proxyhead read_line(const char *bytes, size_t len, size_t *ret_len,
				struct sockaddr_storage *address, socklen_t *address_len)
{
	size_t most = len < LINE_MAX_LEN ? len : LINE_MAX_LEN;
	const char *lf = memchr(bytes, '\n', most);
	char line[LINE_MAX_LEN + 1];

	if (lf == NULL)
		return len < LINE_MAX_LEN ? PROXYHEAD_MORE : PROXYHEAD_BAD;
	*ret_len = (size_t)(lf - bytes) + 1;
	if (lf[-1] != '\r')
		return PROXYHEAD_BAD;
	memcpy(line, bytes, *ret_len - 2);
	line[*ret_len - 2] = '\0';
	return strlen(line) == *ret_len - 2 && take_line(line, address, address_len)
		       ? PROXYHEAD_GOOD
		       : PROXYHEAD_BAD;
}

/* --- which of them --- */

static bool begins(const char *bytes, size_t len, const char *with, size_t with_len)
{
	return memcmp(bytes, with, len < with_len ? len : with_len) == 0;
}

enum proxyhead proxyhead_read(const char *bytes, size_t len, size_t *ret_len,
			      struct sockaddr_storage *address, socklen_t *address_len)
{
	static const char word[] = "PROXY ";

	if (begins(bytes, len, signature, SIGNATURE_LEN))
		return len < SIGNATURE_LEN ? PROXYHEAD_MORE
					   : read_binary(bytes, len, ret_len, address, address_len);
	if (begins(bytes, len, word, sizeof(word) - 1))
		return len < sizeof(word) - 1
			       ? PROXYHEAD_MORE
			       : read_line(bytes, len, ret_len, address, address_len);
	return PROXYHEAD_NONE;
}
