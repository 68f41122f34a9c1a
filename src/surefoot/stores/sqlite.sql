-- The number of a row is the order of writing: who is oldest goes first when room is needed.
create table slot (
    id integer primary key,
    key blob not null unique,
    data blob not null,
    expires integer not null -- milliseconds since 1970
);
create index slot_expires on slot (expires);
