/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is on the wire: the header that looks like TCP's, and STT's own.
 */
#ifndef STT_HEADER_H
#define STT_HEADER_H

#include <linux/types.h>

struct tcphdr;

/*
 * Behind the TCP header of the segment with offset 0. Nothing in it is aligned.
 * The segment's sequence number is length << 16 | offset, both in bytes and of the frame
 * with this header; its ACK number is the same in all segments of a frame.
 */
struct stt_hdr {
	__u8 version;
	__u8 flags;		/* enum stt_flags */
	__u8 l4_offset;		/* of the frame, where its TCP or UDP header is; 0: unknown */
	__u8 reserved;
	__be16 mss;		/* of the frame's TCP; 0: not to be cut */
	__be16 vlan;		/* priority(3) present(1) VLAN id(12) */
	__be64 context;
	__be16 padding;
} __packed;

enum stt_flags {
	STT_F_VERIFIED = 1,	/* the sender knows that the frame's checksum is right */
	STT_F_PARTIAL = 2,	/* the checksum covers the pseudo header only */
	STT_F_IPV4 = 4,
	STT_F_TCP = 8,
};

#define STT_HLEN		18	/* of struct stt_hdr */
#define STT_TCP_HLEN		20	/* ours has no options */
#define STT_ETH_HLEN		14
#define STT_VLAN_PRESENT	0x1000
#define STT_VLAN_TCI		0xefff	/* priority and id */
#define STT_MSS_MIN		48	/* the least to which a frame is cut: TCP's own limit */
#define STT_FRAME_MIN		(STT_HLEN + STT_ETH_HLEN)

/* Of a frame: as the outer IP packet ends at 64 KiB, too */
#define STT_FRAME_MAX		(65535 - 40 - STT_TCP_HLEN)
#define STT_INNER_MAX		(STT_FRAME_MAX - STT_HLEN)

/* The same in host byte order */
struct stt_meta {
	u64 context;
	u16 mss;
	u16 vlan;		/* STT_VLAN_PRESENT, or 0 */
	u8 flags;
	u8 l4_offset;
};

/* What a frame's flags say about its checksum and how to cut it */
struct stt_offload {
	u16 csum_start;		/* in the frame; 0: no checksum is to be completed */
	u16 csum_offset;	/* from there */
	u16 gso_size;		/* 0: not to be cut */
	u16 gso_segs;
	bool ipv6;		/* how to cut */
	bool ecn;		/* … with congestion window reduced */
	bool verified;
};

/* What the header that looks like TCP's says */
struct stt_segment {
	__be32 id;		/* of the frame */
	__be16 sport;
	u16 length;		/* of the frame */
	u16 offset;
	u8 hlen;		/* of this header */
};

/*
 * @len bytes are there from @th on, of which those of the header without options can be
 * read. False when no sender of STT makes such a segment.
 */
bool stt_segment_read(const struct tcphdr *th, unsigned int len, struct stt_segment *segment);

void stt_header_write(struct stt_hdr *hdr, const struct stt_meta *meta);

/* False when the header contradicts itself or is of another version */
bool stt_header_read(const struct stt_hdr *hdr, struct stt_meta *meta);

/* So many bytes at its beginning stt_offload_read() needs to see of a frame of @len bytes */
unsigned int stt_offload_need(const struct stt_meta *meta, unsigned int len);

/*
 * What @meta says of the frame that begins with the @linear bytes @frame and has @len.
 * False when that cannot be true; nothing of it has then to be believed.
 */
bool stt_offload_read(const struct stt_meta *meta, const u8 *frame, unsigned int linear,
		      unsigned int len, struct stt_offload *offload);

#endif /* STT_HEADER_H */
