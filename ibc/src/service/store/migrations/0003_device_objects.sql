-- Objects with which a MEF configures a client, under the stakeholder that wants them; object '' is to be deleted at the
-- device, and the row goes once the device has done so. reported is the version that the device has tried, status what
-- came of it.
create table device_object (
    client text not null, stakeholder text not null, path text not null, version bigint not null, object text not null,
    reported bigint not null, status bigint not null,
    primary key (client, stakeholder, path)
);
