/* SPDX-License-Identifier: PostgreSQL */
#include "base/base64.h"

#include <stdint.h>

int base64url_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool base64url_decode(const char *text, size_t len, unsigned char *out, size_t *ret_len)
{
	uint32_t bits = 0;
	size_t count = 0;
	int held = 0; /* count of bits that are not written yet, fewer than 8 */

	if (len % 4 == 1)
		return false;
	for (size_t i = 0; i < len; i++) {
		int digit = base64url_digit(text[i]);

		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		held += 6;
		if (held >= 8) {
			held -= 8;
			out[count++] = (unsigned char)(bits >> held);
			bits &= (1U << held) - 1;
		}
	}
	*ret_len = count;
	return bits == 0;
}
