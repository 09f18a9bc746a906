"""`ov alerts`: try the channels out, and see what is open."""

import click

from ov_assets.cli.shared import environment, print_table


@click.group()
def alerts() -> None:
    """Alerts: try the channels of OV_ALERT_URLS out, and see what is open."""


@alerts.command()
@click.pass_context
def test(ctx: click.Context) -> None:
    """Send one message to each address of OV_ALERT_URLS. Exit code 1 if one of them didn't take it."""
    import apprise

    from ov_assets.alerts.delivery import DeliveryError, targets_of
    from ov_assets.settings import MissingSettingError, Settings

    settings = Settings()
    if settings.ov_alert_urls is None:
        raise MissingSettingError("OV_ALERT_URLS", "there is nobody to tell")
    try:
        targets = targets_of(settings.ov_alert_urls.get_secret_value())
    except DeliveryError as error:
        raise click.ClickException(str(error)) from None
    title = "Oficina Virtual: mensaje de prueba"
    body = f"Si lee esto, las alertas llegan aquí. No hay nada que hacer.\n\n{settings.dagster_webserver_url}"
    good = True
    for target in targets:
        taken = target.send(title, body, apprise.NotifyType.INFO)
        click.echo(f"{'sent  ' if taken else 'FAILED'} {target.shown}")
        good = good and taken
    if not good:
        ctx.exit(1)


@alerts.command("list")
def list_open() -> None:
    """Show the open alerts, oldest first."""
    with environment():
        from ov_assets.rds.alert_ledger import open_alerts
        from ov_assets.resources import Database
        from ov_assets.timezone import BOGOTA

        with Database().connect() as connection:
            rows = [
                (f"{alert.abierta_en.astimezone(BOGOTA):%Y-%m-%d %H:%M}", alert.titulo, alert.veces)
                for alert in open_alerts(connection)
            ]
    print_table("Open alerts", ("since", "what", "seen"), rows)
