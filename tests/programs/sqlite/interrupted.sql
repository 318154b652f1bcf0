-- A transaction that is larger than the cache, so that half of it is in the file before its end.
pragma cache_size = 10;
create table account(id integer primary key, amount integer, note text);
with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 1000)
    insert into account select n, 1000, printf('%0200d', n) from numbers;
begin;
update account set amount = 0, note = printf('%0300d', id);
delete from account where id % 3 = 0;
.print half of it is written
