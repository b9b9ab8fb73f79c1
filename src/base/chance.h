/* SPDX-License-Identifier: PostgreSQL */
/*
 * chance.h: random numbers that keep instances from acting in step.
 *
 * Instances may lose the same thing at the same moment. They must not all come back at once. The
 * numbers come from the kernel, and differ from process to process and from call to call. They
 * protect no secret. base/secret.h does that.
 */
#ifndef BASE_CHANCE_H
#define BASE_CHANCE_H

int chance_up_to(int most); /* from 0 to most, all equally likely; most is not negative */

#endif
