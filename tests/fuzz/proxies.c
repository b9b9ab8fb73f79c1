/* SPDX-License-Identifier: PostgreSQL */
/*
 * What proxies say of a client: no bytes make another address than that of a peer, or one that was
 * written there as an address. A head of a proxy is never longer than what came.
 */
#include "http/proxies.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "http/proxyhead.h"

#include "fuzz.h"

static void check_head(const char *bytes, size_t len)
{
	struct sockaddr_storage address = {.ss_family = AF_UNIX};
	socklen_t address_len = 2;
	size_t head_len = 0;

	switch (proxyhead_read(bytes, len, &head_len, &address, &address_len)) {
	case PROXYHEAD_GOOD:
		MUST(head_len > 0 && head_len <= len && head_len <= PROXYHEAD_MAX);
		MUST(address.ss_family == AF_UNIX || address.ss_family == AF_INET ||
		     address.ss_family == AF_INET6);
		break;
	case PROXYHEAD_MORE:
		MUST(len < PROXYHEAD_MAX);
		break;
	case PROXYHEAD_NONE:
	case PROXYHEAD_BAD:
		break;
	}
}

static bool is_address(const char *text)
{
	unsigned char bytes[16];

	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	char address[PROXIES_ADDRESS_MAX], list[200];
	struct text said = {(const char *)data, size}, none = {NULL, 0};
	struct proxies p;

	check_head((const char *)data, size);
	MUST(proxies_read(&p, "127.0.0.0/8,fd00::/8") == NULL);
	proxies_client(&p, (const struct sockaddr *)&peer, said, none, address);
	MUST(is_address(address));
	proxies_client(&p, (const struct sockaddr *)&peer, none, said, address);
	MUST(is_address(address));
	if (size < sizeof(list)) {
		memcpy(list, data, size);
		list[size] = '\0';
		(void)proxies_read(&p, list);
		MUST(p.count <= PROXIES_MAX);
	}
	return 0;
}
