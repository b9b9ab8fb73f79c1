/* SPDX-License-Identifier: PostgreSQL */
#include "hub/packer.h"

#include <string.h>

#include "hub/frame.h"

void packer_init(struct packer *p)
{
	*p = (struct packer){.pack = NULL};
	buf_init(&p->plain);
	buf_init(&p->packed);
}

void packer_release(struct packer *p)
{
	buf_release(&p->plain);
	buf_release(&p->packed);
}

void packer_trim(struct packer *p, size_t most)
{
	buf_trim(&p->plain, most);
	buf_trim(&p->packed, most);
}

void packer_pack(struct packer *p)
{
	buf_clear(&p->packed);
	p->pack(p->ctx, (struct text){p->plain.data, p->plain.len}, &p->packed, &p->sum);
}

size_t packer_append(struct packer *p, struct buf *out)
{
	size_t chunk;

	buf_append(out, &p->sum, sizeof(p->sum));
	chunk = frame_open(out);
	buf_append(out, p->packed.data, p->packed.len);
	frame_close(out, chunk);
	return chunk;
}

struct packsum packer_sum(const void *chunk)
{
	struct packsum sum;

	memcpy(&sum, (const char *)chunk - sizeof(sum), sizeof(sum)); /* frames begin anywhere */
	return sum;
}
