// Reads the schema of one database as a flat map: an object's path to its definition, equal for equal schemas wherever they run.
import type { Client } from './connect.ts'

export async function readSchema(client: Client, database: string): Promise<Record<string, string>> {
  const { rows } = await client.query<{ path: string[]; definition: string }>(OBJECTS)
  return Object.fromEntries(rows.map(({ path, definition }) => [[database, ...path].map(segment).join('/'), definition]))
}

/** Roles are the server's, not a database's. Passwords are not part of it. */
export async function readRoles(client: Client): Promise<Record<string, string>> {
  const { rows } = await client.query<{ role: string; definition: string }>(ROLES)
  return Object.fromEntries(rows.map(({ role, definition }) => [`role/${segment(role)}`, definition]))
}

/** A `/` in a name must not look like a level of the path. */
function segment(name: string): string {
  return name.replaceAll('%', '%25').replaceAll('/', '%2F')
}

const ROLES = `
select r.rolname as role, concat_ws(' ',
    case when r.rolcanlogin then 'login' else 'nologin' end,
    case when r.rolsuper then 'superuser' end, case when r.rolcreatedb then 'createdb' end, case when r.rolcreaterole then 'createrole' end,
    case when r.rolreplication then 'replication' end, case when r.rolbypassrls then 'bypassrls' end,
    (select 'in ' || string_agg(g.rolname, ', ' order by g.rolname) from pg_auth_members m join pg_roles g on g.oid = m.roleid where m.member = r.oid)
  ) as definition
from pg_roles r where r.rolname not like 'pg\\_%' order by 1`

/** Rights in a fixed order: the order in which they were granted says nothing. */
const acl = (column: string) => `(select ' rights ' || string_agg(a::text, ' ' order by a::text) from unnest(${column}) a)`
const hash = (expression: string) => `'sha256:' || encode(sha256(convert_to(${expression}, 'UTF8')), 'hex')`
const options = (column: string) => `(select ' with ' || string_agg(o, ', ' order by o) from unnest(${column}) o)`
const owner = (column: string) => `' owner ' || pg_get_userbyid(${column})`
const notExtension = (catalog: string, oid: string) =>
  `not exists (select from pg_depend e where e.classid = '${catalog}'::regclass and e.objid = ${oid} and e.deptype = 'e')`

const KIND = `case c.relkind when 'r' then 'table' when 'p' then 'table' when 'v' then 'view' when 'm' then 'materialized-view'
  when 'f' then 'foreign-table' when 'S' then 'sequence' when 'c' then 'type' end`

const OBJECTS = `
with spaces as (
  select oid, nspname, nspowner, nspacl from pg_namespace where nspname <> 'information_schema' and nspname not like 'pg\\_%'
), relations as (
  select c.*, n.nspname, ${KIND} as kind from pg_class c join spaces n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c') and ${notExtension('pg_class', 'c.oid')}
)
select array['database'] as path, concat('encoding ', pg_encoding_to_char(d.encoding), ' collate ', d.datcollate, ' ctype ', d.datctype,
    ${owner('d.datdba')}, ${acl('d.datacl')},
    (select ' set ' || string_agg(coalesce(nullif(pg_get_userbyid(s.setrole), 'unknown (OID=0)'), '*') || ':' || array_to_string(s.setconfig, ','), ' ' order by s.setrole::text, s.setconfig)
       from pg_db_role_setting s where s.setdatabase = d.oid)) as definition
  from pg_database d where d.datname = current_database()
union all
select array[nspname::text], concat('schema', ${owner('nspowner')}, ${acl('nspacl')}) from spaces
union all
select array['extension', x.extname], concat(x.extversion, ' in ', n.nspname) from pg_extension x join pg_namespace n on n.oid = x.extnamespace
union all
select array[nspname, kind, relname], concat(
    case relpersistence when 'u' then 'unlogged ' end, kind,
    case when relkind in ('v', 'm') then ' as ' || pg_get_viewdef(oid) end,
    case when relkind = 'p' then ' partition by ' || pg_get_partkeydef(oid) end,
    case when relispartition then ' ' || pg_get_expr(relpartbound, oid) end,
    (select ' of ' || string_agg(i.inhparent::regclass::text, ', ' order by i.inhseqno) from pg_inherits i where i.inhrelid = relations.oid),
    case when relrowsecurity then ' row security' end, case when relforcerowsecurity then ' forced' end,
    (select concat(' ', format_type(s.seqtypid, null), ' start ', s.seqstart, ' increment ', s.seqincrement, ' min ', s.seqmin, ' max ', s.seqmax,
        ' cache ', s.seqcache, case when s.seqcycle then ' cycle' end) from pg_sequence s where s.seqrelid = relations.oid),
    (select concat(' server ', f.srvname, ' ', array_to_string(t.ftoptions, ', ')) from pg_foreign_table t join pg_foreign_server f on f.oid = t.ftserver where t.ftrelid = relations.oid),
    ${options('reloptions')}, ${owner('relowner')}, ${acl('relacl')}) from relations
union all
select array[r.nspname, r.kind, r.relname, 'column', a.attname], concat(
    format_type(a.atttypid, a.atttypmod),
    (select ' collate ' || quote_ident(l.collname) from pg_collation l where l.oid = a.attcollation and l.collname <> 'default'),
    case when a.attnotnull then ' not null' end,
    case a.attgenerated when 's' then ' generated stored' when 'v' then ' generated virtual' end,
    case a.attidentity when 'a' then ' identity always' when 'd' then ' identity' end,
    ' default ' || pg_get_expr(d.adbin, d.adrelid), ${acl('a.attacl')})
  from relations r join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum where r.kind <> 'sequence'
union all
select array[r.nspname, r.kind, r.relname, 'constraint', c.conname], concat(pg_get_constraintdef(c.oid), case when not c.convalidated then ' not valid' end)
  from relations r join pg_constraint c on c.conrelid = r.oid and c.contype <> 'n'
union all
select array[r.nspname, r.kind, r.relname, 'index', i.relname], concat(pg_get_indexdef(x.indexrelid), case when not x.indisvalid then ' invalid' end)
  from relations r join pg_index x on x.indrelid = r.oid join pg_class i on i.oid = x.indexrelid
  where not exists (select from pg_constraint c where c.conindid = x.indexrelid and c.conrelid = r.oid and c.contype in ('p', 'u', 'x'))
union all
select array[r.nspname, r.kind, r.relname, 'trigger', t.tgname], concat(pg_get_triggerdef(t.oid), case when t.tgenabled <> 'O' then ' enabled ' || t.tgenabled::text end)
  from relations r join pg_trigger t on t.tgrelid = r.oid and not t.tgisinternal
union all
select array[r.nspname, r.kind, r.relname, 'rule', u.rulename], pg_get_ruledef(u.oid) from relations r join pg_rewrite u on u.ev_class = r.oid and u.rulename <> '_RETURN'
union all
select array[r.nspname, r.kind, r.relname, 'policy', p.polname], concat(case when p.polpermissive then 'permissive' else 'restrictive' end, ' ', p.polcmd,
    ' to ', (select string_agg(case when o = 0 then 'public' else pg_get_userbyid(o)::text end, ', ' order by 1) from unnest(p.polroles) o),
    ' using ' || pg_get_expr(p.polqual, p.polrelid), ' check ' || pg_get_expr(p.polwithcheck, p.polrelid))
  from relations r join pg_policy p on p.polrelid = r.oid
union all
select array[r.nspname, r.kind, r.relname, 'statistics', s.stxname], pg_get_statisticsobjdef(s.oid) from relations r join pg_statistic_ext s on s.stxrelid = r.oid
union all
select array[n.nspname, case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end,
    concat(p.proname, '(', pg_get_function_identity_arguments(p.oid), ')')],
    concat(case when p.prokind = 'a' then (select concat(a.aggtransfn::regprocedure, ' ', a.aggfinalfn::regproc, ' ', format_type(a.aggtranstype, null), ' ', a.agginitval) from pg_aggregate a where a.aggfnoid = p.oid)
      else ${hash('pg_get_functiondef(p.oid)')} end, ${owner('p.proowner')}, ${acl('p.proacl')})
  from pg_proc p join spaces n on n.oid = p.pronamespace where ${notExtension('pg_proc', 'p.oid')}
union all
select array[n.nspname, 'type', t.typname], concat(
    case t.typtype when 'e' then (select 'enum ' || string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid)
      when 'd' then concat('domain ', format_type(t.typbasetype, t.typtypmod), case when t.typnotnull then ' not null' end, ' default ' || t.typdefault,
        (select ' ' || string_agg(pg_get_constraintdef(c.oid), ' ' order by c.conname) from pg_constraint c where c.contypid = t.oid and c.contype <> 'n'))
      when 'r' then (select concat('range of ', format_type(g.rngsubtype, null)) from pg_range g where g.rngtypid = t.oid)
      else 'base' end, ${owner('t.typowner')}, ${acl('t.typacl')})
  from pg_type t join spaces n on n.oid = t.typnamespace
  where t.typtype in ('e', 'd', 'r', 'b') and t.typelem = 0 and ${notExtension('pg_type', 't.oid')}
union all
select array['event-trigger', e.evtname], concat(e.evtevent, ' ', e.evtfoid::regprocedure, ' ', e.evtenabled) from pg_event_trigger e
union all
select array['publication', p.pubname], concat(case when p.puballtables then 'all tables' else (select string_agg(r.prrelid::regclass::text, ', ' order by 1) from pg_publication_rel r where r.prpubid = p.oid) end, ${owner('p.pubowner')}) from pg_publication p
union all
select array['server', s.srvname], concat(w.fdwname, ' ', ${hash("array_to_string(s.srvoptions, ',')")}, ${acl('s.srvacl')}) from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw
union all
select array['default-rights', pg_get_userbyid(d.defaclrole)::text, coalesce(n.nspname, '*'), d.defaclobjtype::text], concat('default', ${acl('d.defaclacl')})
  from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace
order by 1`
