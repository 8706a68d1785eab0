"""How is a submission kept before the writer has it? In a stream that outlives any one machine.

A front stores what it has read and checked in NATS JetStream and gives a receipt; one process
beside the writer hands it over in the order of the stream and keeps what became of it.
"""
