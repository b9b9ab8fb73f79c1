/* SPDX-License-Identifier: PostgreSQL */
/*
 * dns.h: getaddrinfo() as a test wants it, in place of the C library's. A name "a.b" has the
 * addresses 10.0.0.a and 10.0.0.b, "none" has none, "hangs" has 10.0.0.9 once dns_go_on() is
 * called.
 */
#ifndef TESTS_UNIT_DNS_H
#define TESTS_UNIT_DNS_H

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t dns_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t dns_changed = PTHREAD_COND_INITIALIZER;
static int dns_asked; /* how often */
static bool dns_hangs = true;

static inline void dns_go_on(bool hangs)
{
	pthread_mutex_lock(&dns_lock);
	dns_hangs = hangs;
	pthread_cond_broadcast(&dns_changed);
	pthread_mutex_unlock(&dns_lock);
}

static inline int dns_count(void)
{
	int count;

	pthread_mutex_lock(&dns_lock);
	count = dns_asked;
	pthread_mutex_unlock(&dns_lock);
	return count;
}

static inline struct addrinfo *dns_address(int last)
{
	struct addrinfo *a = calloc(1, sizeof(*a) + sizeof(struct sockaddr_in));
	struct sockaddr_in *in = (struct sockaddr_in *)(void *)(a + 1);

	*in = (struct sockaddr_in){.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(0x0a000000u + (unsigned)last)};
	a->ai_family = AF_INET;
	a->ai_addr = (struct sockaddr *)in;
	a->ai_addrlen = sizeof(*in);
	return a;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **ret_found)
{
	(void)service, (void)hints;
	pthread_mutex_lock(&dns_lock);
	dns_asked++;
	while (strcmp(name, "hangs") == 0 && dns_hangs)
		pthread_cond_wait(&dns_changed, &dns_lock);
	pthread_mutex_unlock(&dns_lock);
	if (strcmp(name, "none") == 0)
		return EAI_NONAME;
	if (strcmp(name, "hangs") == 0)
		name = "9";
	for (; *name != '\0'; name += strcspn(name, "."), name += *name == '.') {
		*ret_found = dns_address(atoi(name));
		ret_found = &(*ret_found)->ai_next;
	}
	return 0;
}

void freeaddrinfo(struct addrinfo *found)
{
	while (found != NULL) {
		struct addrinfo *next = found->ai_next;

		free(found);
		found = next;
	}
}

#endif
