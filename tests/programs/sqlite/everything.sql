-- What SQLite can do, a bit of each. Nothing here depends on the time, on chance, or on where it runs.
.bail on
.mode list
pragma page_size = 1024;
pragma cache_size = 20;
pragma temp_store = file;
pragma foreign_keys = on;

.print == tables, keys, generated columns, checks
create table author(id integer primary key, name text not null unique collate nocase);
create table book(
    id integer primary key autoincrement,
    author integer references author(id) on delete cascade,
    title text not null,
    year integer check (year between 1000 and 3000),
    price real default 9.95,
    label text generated always as (title || ' (' || year || ')') stored);
create index book_by_year on book(year desc, author) where price > 5;
create index book_by_length on book(length(title));
insert into author(name) values ('Ada'), ('Bernoulli'), ('Čapek'), ('D''Alembert');
with recursive n(i) as (select 1 union all select i + 1 from n where i < 1200)
    insert into book(author, title, year, price)
    select 1 + i % 4, printf('Volume %d of %x', i, i * 7919), 1500 + i % 500, i % 40 + 0.5 from n;
select count(*), sum(price), min(label), max(label) from book;
select a.name, count(*), round(avg(b.price), 3) from author a join book b on b.author = a.id
    group by a.id having count(*) > 1 order by a.name desc;
explain query plan select * from book where year = 1700 and price > 5 order by author;

.print == changes: upsert, triggers, returning, savepoints
create table log(line text);
create trigger book_changed after update of price on book when old.price <> new.price begin
    insert into log values (printf('%d: %.2f -> %.2f', new.id, old.price, new.price));
end;
update book set price = price * 1.1 where id <= 5 returning id, price;
select * from log;
insert into author(id, name) values (1, 'Ada') on conflict(id) do update set name = name || ' L.';
select * from author where name = 'ada l.';
begin;
savepoint first;
delete from book where id % 2;
savepoint second;
update book set title = 'gone';
rollback to second;
select count(*), min(title) from book;
rollback to first;
release first;
commit;
select count(*) from book;
delete from author where id = 4;
select count(*), (select count(*) from book where author = 4) from book;

.print == windows, recursive queries, compound selects
select id, sum(price) over (order by id rows between 2 preceding and current row),
    rank() over (partition by author order by price desc), ntile(3) over (order by id)
    from book where id < 12 order by id;
with recursive
    x(v) as (values (-2.0) union all select v + 0.1 from x where v < 1.2),
    y(v) as (values (-1.0) union all select v + 0.2 from y where v < 1.0),
    m(iter, cx, cy, x, y) as (
        select 0, x.v, y.v, 0.0, 0.0 from x, y
        union all
        select iter + 1, cx, cy, x * x - y * y + cx, 2.0 * x * y + cy from m
            where x * x + y * y < 4.0 and iter < 28),
    m2(iter, cx, cy) as (select max(iter), cx, cy from m group by cx, cy),
    a(t) as (select group_concat(substr(' .+*#', 1 + min(iter / 7, 4), 1), '') from m2 group by cy)
select group_concat(rtrim(t), x'0a') from a;
select 1 union select 3 union all select 2 intersect select 2 order by 1;
select value from (select 1 value except select 2) union select null order by 1 nulls last;

.print == numbers, texts, blobs, times
select 1e308 * 10, -1 / 3, 7 % -3, 1.0 / 3, 9223372036854775807 + 1, 0.1 + 0.2, 1e15, 1e16, 123456789012345678;
select cast('12abc' as integer), cast(x'3132' as text), typeof(1 = 1), '10' + 5, 'a' || null;
select sqrt(2), pow(2, 0.5), sin(1), log(10), exp(1), ceil(-1.5), trunc(2.7), atan2(1, 2);
select hex(zeroblob(4)), quote(x'00ff'), length('Čapek'), length(cast('Čapek' as blob)), upper('aé');
select printf('%5d|%-8s|%08.3f|%,d|%q|%e', 42, 'ab', 3.14159, 1234567, 'it''s', 12345.678);
select 'abc' like 'A_C', 'abc' glob 'a*', instr('hello', 'l'), replace('aaa', 'a', 'bc'), unicode('€');
select datetime(1600000000, 'unixepoch'), julianday('2000-01-01'), strftime('%Y %j %W', '2024-02-29');
select date('2024-01-31', '+1 month', 'weekday 0'), time('12:00', '-90 minutes');
select json('{ "a" : [1, 2.50, {"b":null}] }'), json_extract('{"a":[1,{"b":7}]}', '$.a[1].b');
select key, value, type from json_each('{"x":1,"y":[true],"z":"é"}');
select json_group_array(name) from author;

.print == full-text search, geometry
create virtual table text using fts5(title, body, tokenize = 'porter unicode61');
insert into text select title, printf('%s sings of number %d and of %s', label, id, hex(id)) from book;
select count(*) from text where text match 'singing';
select highlight(text, 0, '[', ']') from text where text match 'title: volume AND "1fe3"' limit 3;
select rowid, round(bm25(text), 4) from text where text match '17 OR 18' order by rank, rowid limit 5;
insert into text(text) values ('optimize');
insert into text(text) values ('integrity-check');
create virtual table box using rtree(id, x0, x1, y0, y1);
insert into box select id, id % 100, id % 100 + 5, id / 100, id / 100 + 3 from book;
select count(*), sum(id) from box where x1 >= 10 and x0 <= 20 and y1 >= 5 and y0 <= 9;

.print == files: import, a second database, output, sorting beyond the cache
.mode csv
.import people.csv people
.mode list
select count(*), min(name), max(cast(born as integer)) from people;
attach 'other.db' as other;
create table other.copy as select * from book order by random() * 0 + price desc, id;
create table other.big(key text, data blob);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 4000)
    insert into other.big select printf('%x', i * 2654435761 % 4294967296), zeroblob(i % 900) from n;
create unique index other.big_by_key on big(key);
select group_concat(key, ' ') from (select key from big order by length(data) % 7, key desc limit 12);
select count(distinct substr(key, 1, 3)), sum(length(data)) from other.big;
delete from other.big where length(data) > 300;
vacuum other;
pragma other.integrity_check;
pragma other.page_count;
detach other;
.output listing.txt
.headers on
.mode column
select id, title, price from book where id < 30;
.mode json
select * from author;
.mode insert author_copy
select * from author;
.mode markdown
select * from author;
.mode box
select * from people limit 3;
.mode quote
select * from log;
.mode html
select * from author;
.mode line
select * from author;
.output
.mode list
.headers off
.once dump.sql
.dump
.backup backup.db
vacuum into 'small.db';

.print == statistics, schema, views
analyze;
select tbl, idx, stat from sqlite_stat1 order by 1, 2;
create view cheap as select title, price from book where price < 2;
select count(*), sum(price) from cheap;
create temp table scratch as select * from cheap;
drop view cheap;
alter table book rename column title to name;
alter table book add column pages integer default 100;
alter table log rename to journal;
.schema book
.tables
.indexes
pragma table_xinfo(book);
reindex;
select sum(pageno), sum(ncell), sum(unused) from dbstat where name = 'book';
select count(*) from scratch;
pragma integrity_check;
pragma foreign_key_check;
.print the end
